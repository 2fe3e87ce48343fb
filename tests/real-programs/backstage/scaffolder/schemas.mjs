// Verdicts of the real checker of parameters and inputs: `node schemas.mjs COUNT SEED > answers.jsonl`.
// An answer is {schema, instance, errors} or {schema, instance, refused}.
import { load } from './packages.mjs';
import { seeded } from './random.mjs';

const backend = load.resolve('@backstage/plugin-scaffolder-backend');
const { createRequire } = await import('node:module');
const { validate } = createRequire(backend)('jsonschema');
const [count, seed] = process.argv.slice(2).map(Number);
const { random, pick } = seeded(seed);
const names = ['a', 'b', 'c d', '1', 'e.f', 'kind'];
const value = depth => pick([
  () => 'a', () => 'b', () => '', () => 'orders-api', () => 'Émile 🎉', () => '2026-01-02', () => 'x@example.com', () => '10.0.0.1', () => 'https://x.example/a', () => 0, () => 1, () => 2.5, () => -3, () => 7, () => 0.3, () => true, () => false, () => null,
  () => (depth > 2 ? [] : Array.from({ length: random(4) }, () => value(depth + 1))),
  () => (depth > 2 ? {} : Object.fromEntries(Array.from({ length: random(4) }, () => [pick(names), value(depth + 1)]))),
])();
const types = ['string', 'number', 'integer', 'boolean', 'array', 'null', 'object', 'any', 'other'];
const properties = depth => Object.fromEntries(Array.from({ length: 1 + random(3) }, () => [pick(names), schema(depth + 1)]));
const keywords = {
  type: () => (random(4) ? pick(types) : [pick(types), pick(types)]),
  enum: () => [value(2), value(2), value(3)],
  const: () => value(2),
  properties, required: () => [pick(names), pick(names)],
  additionalProperties: depth => pick([false, false, true, schema(depth + 1)]),
  patternProperties: depth => ({ [pick(['^a', '.', '[0-9]'])]: schema(depth + 1) }),
  propertyNames: () => ({ maxLength: 2 }),
  items: depth => (random(4) ? schema(depth + 1) : [schema(depth + 1), schema(depth + 1)]),
  additionalItems: depth => pick([false, schema(depth + 1)]),
  contains: depth => schema(depth + 1),
  minLength: () => random(4), maxLength: () => random(8), minItems: () => random(3), maxItems: () => random(3), minProperties: () => random(3), maxProperties: () => random(3),
  minimum: () => random(4), maximum: () => random(4), exclusiveMinimum: () => pick([true, 1, 2]), exclusiveMaximum: () => pick([true, 2]), multipleOf: () => pick([2, 0.1, 3]),
  pattern: () => pick(['^[a-z-]+$', 'a', '^$', '\\d']), format: () => pick(['date', 'email', 'uri', 'ipv4', 'hostname', 'other']),
  uniqueItems: () => true,
  anyOf: depth => [schema(depth + 1), schema(depth + 1)], oneOf: depth => [schema(depth + 1), schema(depth + 1)], allOf: depth => [schema(depth + 1), schema(depth + 1)],
  not: depth => pick([schema(depth + 1), { type: 'string' }, 'string']),
  if: depth => schema(depth + 1), then: depth => schema(depth + 1), else: depth => schema(depth + 1),
  dependencies: depth => ({ [pick(names)]: pick([[pick(names)], pick(names), schema(depth + 1)]) }),
  title: () => 'A title', default: () => 1, 'ui:field': () => 'X', $ref: () => pick(['#/definitions/one', '#/definitions/two', '#']),
};
function schema(depth = 0) {
  if (depth > 2) return pick([{ type: 'string' }, { type: 'number' }, {}, true, false]);
  const output = {};
  for (let index = 1 + random(4); index > 0; index -= 1) {
    const name = pick(Object.keys(keywords));
    if (name === '$ref' && random(3)) continue;
    output[name] = keywords[name](depth);
  }
  if (output.$ref === '#') delete output.$ref;
  if (depth === 0) output.definitions = { one: { type: 'string', title: 'One' } };
  return output;
}
for (let index = 0; index < count; index += 1) {
  const answer = { schema: schema(), instance: value(0) };
  try {
    answer.errors = validate(structuredClone(answer.instance), answer.schema).errors.map(String);
  } catch (error) {
    answer.refused = error.message;
  }
  console.log(JSON.stringify(answer));
}
