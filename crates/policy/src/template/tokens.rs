//! The tokens of a Rego module: names, texts, operators; comments are left out.

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// A name or an operator as it is written; a text without its quotes.
    pub(crate) text: String,
    pub(crate) is_string: bool,
    /// Whether it follows the token before without a space.
    pub(crate) touches: bool,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Token {
    /// Whether it is this operator or keyword.
    pub(crate) fn is(&self, text: &str) -> bool {
        !self.is_string && self.text == text
    }

    /// Whether it is a name.
    pub(crate) fn is_name(&self) -> bool {
        !self.is_string && self.text.starts_with(|first: char| first.is_alphabetic() || first == '_')
    }
}

/// The tokens of `source`.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut reader = Reader { rest: source, line: 1, column: 1 };
    let mut tokens = Vec::new();
    let mut touches = false;
    while let Some(first) = reader.rest.chars().next() {
        let (line, column) = (reader.line, reader.column);
        let mut push = |text: String, is_string| tokens.push(Token { text, is_string, touches, line, column });
        match first {
            '#' => {
                reader.take_while(|character| character != '\n');
                touches = false;
                continue;
            }
            '"' => push(reader.quoted(), true),
            '`' => push(reader.raw(), true),
            _ if first.is_whitespace() => {
                reader.take_while(char::is_whitespace);
                touches = false;
                continue;
            }
            _ if first.is_alphanumeric() || first == '_' => {
                push(reader.take_while(|character| character.is_alphanumeric() || character == '_'), false);
            }
            _ => push(reader.operator(), false),
        }
        touches = true;
    }
    tokens
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    column: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next()?;
        self.rest = characters.as_str();
        if character == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(character)
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while self.rest.chars().next().is_some_and(&wanted) {
            taken.extend(self.next());
        }
        taken
    }

    fn quoted(&mut self) -> String {
        self.next();
        let mut text = String::new();
        while let Some(character) = self.next() {
            match character {
                '"' | '\n' => break,
                '\\' => match self.next() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some(other) => text.push(other),
                    None => break,
                },
                _ => text.push(character),
            }
        }
        text
    }

    fn raw(&mut self) -> String {
        self.next();
        let text = self.take_while(|character| character != '`');
        self.next();
        text
    }

    fn operator(&mut self) -> String {
        let two = self.rest.get(..2).filter(|two| matches!(*two, ":=" | "==" | "!=" | "<=" | ">="));
        let length = if two.is_some() { 2 } else { 1 };
        (0..length).filter_map(|_| self.next()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_texts_end() {
        for source in ["\"never closed", "`never closed\n\n", "\"\\", "é := \"ü\"", "# only", "", "a\n.b"] {
            tokens(source);
        }
        let texts: Vec<_> =
            tokens("x:=y[\"a b\"] # c\n  z").into_iter().map(|token| (token.text, token.line, token.column)).collect();
        let expected = [("x", 1, 1), (":=", 1, 2), ("y", 1, 4), ("[", 1, 5), ("a b", 1, 6), ("]", 1, 11), ("z", 2, 3)];
        assert_eq!(texts, expected.map(|(text, line, column)| (text.to_owned(), line, column)));
    }
}
