//! Running an expression at one place of a text.

use super::class::{fold, is_word_boundary};
use super::compile::{Instruction, Program};
use super::{Budget, Match};
use crate::template::error::{Failure, Outcome};

/// The most choices and changes that can be taken back.
const MAX_UNDO: usize = 4_000_000;

/// What is done when a way was wrong.
enum Undo {
    Try { instruction: usize, index: usize },
    Group { slot: usize, before: Option<usize> },
    Register { register: usize, before: usize },
}

struct Runner<'a> {
    program: &'a Program,
    text: &'a [u16],
    groups: Vec<Option<usize>>,
    registers: Vec<usize>,
    undo: Vec<Undo>,
}

pub(super) fn run(program: &Program, text: &[u16], start: usize, budget: &mut Budget) -> Outcome<Option<Match>> {
    let groups = vec![None; 2 * (program.groups + 1)];
    let mut runner = Runner { program, text, groups, registers: vec![0; program.registers], undo: Vec::new() };
    let Some(end) = runner.go(0, start, budget)? else { return Ok(None) };
    let groups = runner.groups.chunks(2).skip(1).map(|pair| match pair {
        [Some(start), Some(end)] => Some((*start, *end)),
        _ => None,
    });
    Ok(Some(Match { start, end, groups: groups.collect() }))
}

impl Runner<'_> {
    /// Runs up to `Done`; where that is, or none where there is no way to it.
    fn go(&mut self, mut instruction: usize, mut index: usize, budget: &mut Budget) -> Outcome<Option<usize>> {
        let base = self.undo.len();
        loop {
            budget.step()?;
            if self.undo.len() > MAX_UNDO {
                return Err(Failure::new("The regular expression takes too many steps"));
            }
            let program = self.program;
            let next = match program.instructions.get(instruction) {
                None | Some(Instruction::Done) => return Ok(Some(index)),
                Some(Instruction::Look { negated, end }) => {
                    self.look(instruction + 1, index, *negated, budget)?.then_some((*end, index))
                }
                Some(other) => self.step(other, instruction, index),
            };
            (instruction, index) = match next {
                Some(next) => next,
                None => match self.back(base) {
                    Some(next) => next,
                    None => return Ok(None),
                },
            };
        }
    }

    fn step(&mut self, instruction: &Instruction, at: usize, index: usize) -> Option<(usize, usize)> {
        let holds = |holds: bool| holds.then_some((at + 1, index));
        match instruction {
            Instruction::Unit { set, backward } => {
                let place = if *backward { index.checked_sub(1)? } else { index };
                let after = if *backward { place } else { index + 1 };
                set.has(*self.text.get(place)?).then_some((at + 1, after))
            }
            Instruction::Start => holds(index == 0 || (self.program.multiline && self.ends_line(index - 1))),
            Instruction::End => holds(index == self.text.len() || (self.program.multiline && self.ends_line(index))),
            Instruction::Boundary { negated } => holds(is_word_boundary(self.text, index) != *negated),
            Instruction::Split(first, second) => {
                self.undo.push(Undo::Try { instruction: *second, index });
                Some((*first, index))
            }
            Instruction::Jump(target) => Some((*target, index)),
            Instruction::Save(slot) => {
                self.save(*slot, Some(index));
                Some((at + 1, index))
            }
            Instruction::Reference { group, backward } => {
                self.reference(*group, index, *backward).map(|index| (at + 1, index))
            }
            Instruction::Reset(register) => {
                self.set_register(*register, 0);
                Some((at + 1, index))
            }
            Instruction::Repeat { register, least, most, greedy, exit } => {
                let count = self.register(*register);
                if count < *least {
                    return Some((at + 1, index));
                }
                if count >= *most {
                    return Some((*exit, index));
                }
                let (first, second) = if *greedy { (at + 1, *exit) } else { (*exit, at + 1) };
                self.undo.push(Undo::Try { instruction: second, index });
                Some((first, index))
            }
            Instruction::Turn { register, groups: (first, last) } => {
                self.set_register(register + 1, index);
                (2 * (first + 1)..2 * (last + 1)).for_each(|slot| self.save(slot, None));
                Some((at + 1, index))
            }
            Instruction::Again { register, least, start } => {
                let count = self.register(*register);
                if count >= *least && self.register(register + 1) == index {
                    return None;
                }
                self.set_register(*register, count + 1);
                Some((*start, index))
            }
            Instruction::Look { .. } | Instruction::Done => None,
        }
    }

    /// A look around is one step: what it found is kept, how it was found is not tried again.
    fn look(&mut self, start: usize, index: usize, negated: bool, budget: &mut Budget) -> Outcome<bool> {
        let before = self.undo.len();
        let found = self.go(start, index, budget)?.is_some();
        if found && negated {
            while self.undo.len() > before {
                self.take_back();
            }
        } else {
            let kept = self.undo.split_off(before);
            self.undo.extend(kept.into_iter().filter(|undo| !matches!(undo, Undo::Try { .. })));
        }
        Ok(found != negated)
    }

    /// The last choice that is left, everything since it taken back.
    fn back(&mut self, base: usize) -> Option<(usize, usize)> {
        while self.undo.len() > base {
            if let Some(next) = self.take_back() {
                return Some(next);
            }
        }
        None
    }

    fn take_back(&mut self) -> Option<(usize, usize)> {
        match self.undo.pop()? {
            Undo::Try { instruction, index } => return Some((instruction, index)),
            Undo::Group { slot, before } => {
                if let Some(group) = self.groups.get_mut(slot) {
                    *group = before;
                }
            }
            Undo::Register { register, before } => {
                if let Some(place) = self.registers.get_mut(register) {
                    *place = before;
                }
            }
        }
        None
    }

    fn save(&mut self, slot: usize, value: Option<usize>) {
        if let Some(group) = self.groups.get_mut(slot) {
            let before = std::mem::replace(group, value);
            self.undo.push(Undo::Group { slot, before });
        }
    }

    fn register(&self, register: usize) -> usize {
        self.registers.get(register).copied().unwrap_or_default()
    }

    fn set_register(&mut self, register: usize, value: usize) {
        if let Some(place) = self.registers.get_mut(register) {
            let before = std::mem::replace(place, value);
            self.undo.push(Undo::Register { register, before });
        }
    }

    fn reference(&self, group: usize, index: usize, backward: bool) -> Option<usize> {
        let (Some(Some(start)), Some(Some(end))) = (self.groups.get(2 * group), self.groups.get(2 * group + 1)) else {
            return Some(index);
        };
        let captured = self.text.get(*start..*end)?;
        let from = if backward { index.checked_sub(captured.len())? } else { index };
        let here = self.text.get(from..from + captured.len())?;
        let same = |left: u16, right: u16| left == right || (self.program.folds && fold(left) == fold(right));
        let equal = captured.iter().zip(here).all(|(left, right)| same(*left, *right));
        equal.then_some(if backward { from } else { from + captured.len() })
    }

    fn ends_line(&self, index: usize) -> bool {
        self.text.get(index).is_some_and(|unit| matches!(unit, 10 | 13 | 0x2028 | 0x2029))
    }
}
