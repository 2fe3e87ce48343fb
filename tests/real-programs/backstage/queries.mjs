// node queries.mjs COUNT SEED: entities and filters, and whether the filter fits what the real backend keeps for searching.
import { bases } from './bases.mjs';
import { judge, relations } from './backend.mjs';
import { deep, random } from './packages.mjs';

const { buildEntitySearch } = deep('@backstage/plugin-catalog-backend/dist/database/operations/stitcher/buildEntitySearch.cjs.js');
const [count, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
const { below, pick, chance } = random(seed * 2654435761);

for (let index = 0; index < count; index++) {
  const entity = structuredClone(bases[index % bases.length]);
  if (chance(0.5)) delete entity.metadata.namespace;
  if (chance(0.3)) entity.metadata.extra = pick([null, 5, true, [1, 'Two', null, { a: 'B' }], { Deep: { Er: 'x' } }, 'y'.repeat(300), [['nested']]]);
  if (chance(0.2)) delete entity.metadata.uid;
  const { entity: valid } = await judge(entity);
  const related = (await relations(valid)).relations.map(text => text.split(' ')).filter(([source]) => source === `${valid.kind}:${valid.metadata.namespace}/${valid.metadata.name}`.toLowerCase());
  const rows = buildEntitySearch('', { ...valid, relations: related.map(([, type, targetRef]) => ({ type, targetRef })) });
  const facts = rows.map(row => [row.key, row.value]);
  const condition = () => {
    const [key, value] = chance(0.8) ? pick(facts) : [pick(['spec.none', 'metadata.tags.java', 'kind', 'relations.ownedby']), pick(['x', 'true', 'component'])];
    const odd = key.split('').map(letter => (chance(0.2) ? letter.toUpperCase() : letter)).join('');
    const kind = below(5);
    if (kind === 0) return [odd, { exists: true }];
    if (kind === 1) return [odd, ['nothing', value ?? 'null']];
    return [odd, kind === 2 ? String(value).toUpperCase() : kind === 3 ? value ?? 'null' : 'other'];
  };
  const one = () => Object.fromEntries(Array.from({ length: 1 + below(2) }, condition));
  const filter = chance(0.7) ? one() : [one(), one()];
  const fits = conditions => Object.entries(conditions).every(([key, wanted]) => {
    const found = facts.filter(([other]) => other === key.toLowerCase()).map(([, value]) => value);
    if (wanted && typeof wanted === 'object' && !Array.isArray(wanted)) return found.length > 0;
    return [wanted].flat().some(value => found.includes(String(value).toLowerCase()));
  });
  const sorted = facts.map(([key, value]) => JSON.stringify([key, value])).sort();
  console.log(JSON.stringify({ entity, filter, expected: { facts: sorted, fits: [filter].flat().some(fits) } }));
}
