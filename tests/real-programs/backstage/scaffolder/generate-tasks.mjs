// Makes up tasks: `node generate-tasks.mjs COUNT SEED > cases.jsonl`.
import { seeded } from './random.mjs';

const [count, seed] = process.argv.slice(2).map(Number);
const { random, pick } = seeded(seed);
const maybe = (chance, value) => (random(100) < chance ? value : undefined);

const texts = [
  'plain', '${{ parameters.name }}', '${{ parameters.count }}', '${{ parameters.list }}', '${{ parameters.missing }}', 'x-${{ parameters.name }}-${{ parameters.count }}',
  '${{ parameters.name | nosuch }}', '${{ steps.one.output.message }}', '${{ steps.two.output }}', '${{ steps["step-2"].output.count }}', '${{ secrets.token }}',
  'a ${{ secrets.token }} b', '${{ each.value }}', '${{ each.key }}: ${{ each.value.x }}', '${{ user.ref }}', '${{ context.task.id }}', '${{ environment.parameters.x }}',
  '${{ parameters.repo | parseRepoUrl | pick("repo") }}', '${{ "42" }}', '${{ 42 }}', '${{ parameters.flag }}', '${{ parameters.list | length }}', '${{', '{% if parameters.flag %}yes{% endif %}',
  '${{ parameters.text.replace(r/[aeiou]/g, "_") }}', '${{ always() }}', '${{ failure() }}',
];
const conditions = [
  true, false, 'true', 'false', '', '${{ parameters.flag }}', '${{ not parameters.flag }}', '${{ parameters.list }}', '${{ parameters.empty }}', '${{ always() }}', '${{ failure() }}',
  '${{ not failure() }}', '${{ parameters.missing }}', '${{ parameters.name | nosuch }}', '${{ steps.one.output.message }}', '${{ each.value === "b" }}', '${{ each.key > 0 }}', '${{ "false" }}',
];
const eaches = ['${{ parameters.list }}', '${{ parameters.record }}', '${{ parameters.empty }}', '${{ parameters.name }}', '${{ parameters.missing }}', ['p', '${{ parameters.name }}'], { k: 'v', l: { x: 1 } }, '${{ parameters.objects }}', '', '${{ [secrets.token, "z"] }}'];
const value = depth => pick([() => pick(texts), () => pick(texts), () => pick(texts), () => 1, () => 0, () => true, () => null, () => (depth > 1 ? 'x' : [value(depth + 1), value(depth + 1)]), () => (depth > 1 ? 2 : { x: value(depth + 1), [pick(['a', 'b'])]: value(depth + 1) })])();
const input = () => {
  const fields = {};
  for (let index = random(4); index > 0; index -= 1) fields[pick(['message', 'message', 'count', 'tags', 'kind', 'nested', 'other'])] = value(0);
  return fields;
};
const step = () => JSON.parse(JSON.stringify({
  id: maybe(60, pick(['one', 'two', 'three'])), name: maybe(40, pick(['First', 'Second'])),
  action: pick(['test:echo', 'test:echo', 'test:echo', 'test:strict', 'test:fail', 'test:publish', 'test:bare', ...(random(6) ? [] : ['test:nosuch'])]),
  if: maybe(40, pick(conditions)), each: maybe(25, pick(eaches)), input: maybe(85, input()),
}));
const item = () => JSON.parse(JSON.stringify({ title: value(1), url: maybe(50, value(1)), if: maybe(60, pick(conditions)), icon: maybe(20, 'x') }));

for (let index = 0; index < count; index += 1) {
  console.log(JSON.stringify({
    spec: {
      steps: Array.from({ length: 1 + random(4) }, step),
      output: maybe(80, { links: maybe(70, [item(), pick(['text', item()])]), text: maybe(40, [item()]), value: value(0), deep: { a: value(0) } }),
    },
    values: {
      name: 'orders', count: 3, list: ['a', 'b'], empty: [], record: { k: 'v', '2': { x: 5 } }, objects: [{ x: 1 }, { x: '2' }], flag: Boolean(random(2)), text: 'hello world', repo: 'github.com?owner=acme&repo=orders',
    },
    secrets: random(2) ? { token: 's3cret' } : {},
    dryRun: Boolean(random(2)),
  }));
}
