//! `*`, `/`, `//` and `%`: four levels in the real grammar, which leave their operands to the left all the same.

use super::{ExpressionParser, Id, Kind, Operator};
use crate::template::error::Outcome;

/// Operands between operators of the same level.
struct Sequence {
    first: Id,
    operations: Vec<(Operator, Id)>,
}

impl ExpressionParser<'_> {
    pub(super) fn multiply(&mut self) -> Outcome<Id> {
        let mut sequence = self.divide()?;
        while self.consume("*") {
            let right = self.divide()?;
            sequence.append(Operator::Mul, right);
        }
        self.materialize(sequence)
    }

    fn divide(&mut self) -> Outcome<Sequence> {
        let mut sequence = self.floor_divide()?;
        while self.consume("/") {
            let right = self.floor_divide()?;
            sequence.append(Operator::Div, right);
        }
        Ok(sequence)
    }

    fn floor_divide(&mut self) -> Outcome<Sequence> {
        let mut sequence = self.modulo()?;
        while self.consume("//") {
            let right = self.modulo()?;
            sequence.append(Operator::Div, right);
            let target = self.materialize(sequence)?;
            let first = self.add(Kind::Floor(target), self.tree.place(target))?;
            sequence = Sequence { first, operations: Vec::new() };
        }
        Ok(sequence)
    }

    fn modulo(&mut self) -> Outcome<Sequence> {
        let mut sequence = Sequence { first: self.power()?, operations: Vec::new() };
        while self.consume("%") {
            let right = self.power()?;
            sequence.operations.push((Operator::Mod, right));
        }
        Ok(sequence)
    }

    fn materialize(&mut self, sequence: Sequence) -> Outcome<Id> {
        let mut left = sequence.first;
        for (operator, right) in sequence.operations {
            left = self.add(Kind::Binary { operator, left, right }, self.tree.place(left))?;
        }
        Ok(left)
    }
}

impl Sequence {
    fn append(&mut self, operator: Operator, right: Self) {
        self.operations.push((operator, right.first));
        self.operations.extend(right.operations);
    }
}
