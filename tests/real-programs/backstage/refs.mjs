// node refs.mjs COUNT SEED: texts that may be entity references, and how the real model reads them.
import { load, random } from './packages.mjs';

const { parseEntityRef, stringifyEntityRef } = load('@backstage/catalog-model');
const [count, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
const { below, pick } = random(seed * 2654435761);
const parts = ['a', 'B', 'c1', '', ' ', 'ns', 'Kind', ':', '/', '::', 'é', 'İ', 'ΟΔΟΣ', '"', '\\', '😀', '-', '.', '\n'];
const contexts = [null, { defaultKind: 'Group' }, { defaultNamespace: 'NS' }, { defaultKind: 'API', defaultNamespace: 'ns' }, { defaultKind: '', defaultNamespace: '' }];

for (let index = 0; index < count; index++) {
  const ref = Array.from({ length: below(6) }, () => pick(parts)).join('');
  const context = pick(contexts);
  let expected;
  try {
    const value = parseEntityRef(ref, context ?? undefined);
    expected = { ok: true, value, string: stringifyEntityRef(value) };
  } catch (error) {
    expected = { ok: false, error: error.message };
  }
  console.log(JSON.stringify({ ref, context, expected }));
}
