// node yaml.mjs COUNT SEED: texts of YAML, and the documents that Backstage's parser finds in them.
import { load, random } from './packages.mjs';

const { parseEntityYaml } = load('@backstage/plugin-catalog-node');
const [count, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
const { below, pick, chance } = random(seed * 2654435761);

const scalars = [
  'x', 'yes', 'on', 'true', 'True', 'TRUE', 'tRUE', 'null', 'Null', '~', '', '1', '-1', '+1', '012', '0o17', '0x1F', '-0x1', '0b1', '1_000', '1.', '.5', '1e3',
  '1E+3', '1.5e-3', '.inf', '-.Inf', '.NAN', '2001-01-01', '12:30', '"q\\n"', "'it''s'", '"\\u00e9"', 'a: b'.slice(0, 1), 'a#b', 'http://x/y', '- '.trim(), '9007199254740993',
  '1e400', '123456789012345678901234567890', '!!str 1', '!!int "1"', '!!null x', '!foo bar', '&a x', '0.1', '-0', '0o8', '+.inf', '1.0', '@x', '`x', '%x', 'a b  c', '<<', '=',
];
const keys = ['a', 'b', 'c', 'metadata', '"q k"', '1', '1.0', 'true', '~', '<<', 'yes', "''", '0x10', 'é'];

function block(depth, indent) {
  const kind = below(depth > 0 ? 6 : 3);
  const pad = ' '.repeat(indent);
  if (kind < 3) return ` ${pick(scalars)}\n`;
  if (kind === 3) return '\n' + Array.from({ length: 1 + below(3) }, () => `${pad}-${block(depth - 1, indent + 2)}`).join('');
  if (kind === 4) return ` ${flow(depth)}\n`;
  return chance(0.3) ? ` ${pick(['|', '>', '|-', '>-', '|+', '>+'])}\n${pad}one\n${pad}two\n\n${pad}  three\n` : `\n${mapping(depth - 1, indent)}`;
}

const mapping = (depth, indent) =>
  Array.from({ length: 1 + below(3) }, () => `${' '.repeat(indent)}${pick(keys)}:${block(depth, indent + 2)}`).join('');

function flow(depth) {
  if (depth <= 0 || chance(0.4)) return pick(['a', '1', 'true', '"x"', '~', "'y'", '1.5']);
  if (chance(0.5)) return `[${Array.from({ length: below(3) }, () => flow(depth - 1)).join(', ')}]`;
  return `{${Array.from({ length: below(3) }, () => `${pick(['a', 'b', '"c"', '1'])}: ${flow(depth - 1)}`).join(', ')}}`;
}

const separators = ['---\n', '--- # comment\n', '...\n', '...\n---\n', '---\n---\n', '# c\n---\n', '\n---\n'];

for (let index = 0; index < count; index++) {
  const documents = Array.from({ length: 1 + below(3) }, () =>
    pick([() => mapping(2, 0), () => mapping(2, 0), () => mapping(1, 0), () => `${flow(2)}\n`, () => `${pick(scalars)}\n`, () => '# only a comment\n', () => ''])());
  const text = (chance(0.3) ? '---\n' : '') + documents.reduce((before, next) => before + pick(separators) + next);
  const expected = [...parseEntityYaml(text, { type: 'file', target: 'x.yaml' })].map(result =>
    result.type === 'entity' ? result.entity : result.error.message.includes('at root') ? 'no object' : 'error');
  const last = value => (value === 'error' ? 1 : 0);
  console.log(JSON.stringify({ text, expected: expected.sort((a, b) => last(a) - last(b)) }));
}
