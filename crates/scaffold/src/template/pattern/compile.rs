//! Expressions as instructions.

use super::class::{Class, Set};
use super::parse::{Names, Parsed, Part};

/// One instruction.
#[derive(Debug)]
pub(super) enum Instruction {
    /// One code unit, forwards or backwards.
    Unit {
        set: Set,
        backward: bool,
    },
    Start,
    End,
    Boundary {
        negated: bool,
    },
    /// The first way is tried first.
    Split(usize, usize),
    Jump(usize),
    /// Where a group begins or ends.
    Save(usize),
    Reference {
        group: usize,
        backward: bool,
    },
    /// A look around, up to its `Done`; what comes after stands at `end`.
    Look {
        negated: bool,
        end: usize,
    },
    /// A loop begins: nothing has been counted.
    Reset(usize),
    /// Another turn, or what comes after.
    Repeat {
        register: usize,
        least: usize,
        most: usize,
        greedy: bool,
        exit: usize,
    },
    /// A turn begins here: its groups are forgotten.
    Turn {
        register: usize,
        groups: (usize, usize),
    },
    /// A turn ends: one that took nothing and need not have been fails.
    Again {
        register: usize,
        least: usize,
        start: usize,
    },
    Done,
}

/// Everything that a run needs.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) instructions: Vec<Instruction>,
    pub(super) groups: usize,
    pub(super) registers: usize,
    pub(super) names: Names,
    pub(super) folds: bool,
    pub(super) multiline: bool,
}

struct Compiler {
    instructions: Vec<Instruction>,
    registers: usize,
    folds: bool,
}

pub(super) fn compile(parsed: &Parsed, folds: bool, multiline: bool) -> Program {
    let mut compiler = Compiler { instructions: Vec::new(), registers: 0, folds };
    compiler.alternatives(&parsed.alternatives, false);
    compiler.instructions.push(Instruction::Done);
    Program {
        instructions: compiler.instructions,
        groups: parsed.groups,
        registers: compiler.registers,
        names: parsed.names.clone(),
        folds,
        multiline,
    }
}

impl Compiler {
    fn next(&self) -> usize {
        self.instructions.len()
    }

    fn set(&mut self, index: usize, instruction: Instruction) {
        if let Some(place) = self.instructions.get_mut(index) {
            *place = instruction;
        }
    }

    fn placeholder(&mut self) -> usize {
        self.instructions.push(Instruction::Done);
        self.next() - 1
    }

    fn alternatives(&mut self, alternatives: &[Vec<Part>], backward: bool) {
        let mut jumps = Vec::new();
        for (index, alternative) in alternatives.iter().enumerate() {
            let split = (index + 1 < alternatives.len()).then(|| self.placeholder());
            let count = alternative.len();
            for place in 0..count {
                if let Some(part) = alternative.get(if backward { count - 1 - place } else { place }) {
                    self.part(part, backward);
                }
            }
            if let Some(split) = split {
                jumps.push(self.placeholder());
                let next = self.next();
                self.set(split, Instruction::Split(split + 1, next));
            }
        }
        let end = self.next();
        for jump in jumps {
            self.set(jump, Instruction::Jump(end));
        }
    }

    fn part(&mut self, part: &Part, backward: bool) {
        let instruction = match part {
            Part::Class(class) => Instruction::Unit { set: self.ready(class), backward },
            Part::Start => Instruction::Start,
            Part::End => Instruction::End,
            Part::Boundary { negated } => Instruction::Boundary { negated: *negated },
            Part::Reference(group) => Instruction::Reference { group: *group, backward },
            Part::Group { index, alternatives } => return self.group(*index, alternatives, backward),
            Part::Look { behind, negated, alternatives } => {
                let look = self.placeholder();
                self.alternatives(alternatives, *behind);
                self.instructions.push(Instruction::Done);
                let end = self.next();
                return self.set(look, Instruction::Look { negated: *negated, end });
            }
            Part::Repeat { part, least, most, greedy, groups } => {
                return self.repeat(part, (*least, *most, *greedy), *groups, backward);
            }
        };
        self.instructions.push(instruction);
    }

    fn group(&mut self, index: Option<usize>, alternatives: &[Vec<Part>], backward: bool) {
        let (first, second) = if backward { (1, 0) } else { (0, 1) };
        if let Some(index) = index {
            self.instructions.push(Instruction::Save(2 * index + first));
        }
        self.alternatives(alternatives, backward);
        if let Some(index) = index {
            self.instructions.push(Instruction::Save(2 * index + second));
        }
    }

    fn repeat(
        &mut self,
        part: &Part,
        (least, most, greedy): (usize, usize, bool),
        groups: (usize, usize),
        backward: bool,
    ) {
        let register = self.registers;
        self.registers += 2;
        self.instructions.push(Instruction::Reset(register));
        let start = self.placeholder();
        self.instructions.push(Instruction::Turn { register, groups });
        self.part(part, backward);
        self.instructions.push(Instruction::Again { register, least, start });
        let exit = self.next();
        self.set(start, Instruction::Repeat { register, least, most, greedy, exit });
    }

    fn ready(&self, class: &Class) -> Set {
        class.ready(self.folds)
    }
}
