// node accept.mjs FILE…: whether the real backend takes every entity of catalog files that plat wrote. Exits 1 when it does not.
import { readFileSync } from 'node:fs';
import { judge, relations } from './backend.mjs';
import { load } from './packages.mjs';

const { parseEntityYaml } = load('@backstage/plugin-catalog-node');
let [taken, refused] = [0, 0];
for (const file of process.argv.slice(2)) {
  for (const result of parseEntityYaml(readFileSync(file, 'utf8'), { type: 'file', target: file })) {
    const { verdict, entity } = result.type === 'entity' ? await judge(result.entity) : { verdict: { ok: false, error: result.error.message } };
    const related = entity ? await relations(entity) : verdict;
    if (verdict.ok && related.ok) taken++;
    else {
      refused++;
      console.error(`${file}: ${verdict.ref ?? ''} ${verdict.error ?? related.error}`);
    }
  }
}
console.log(`${taken} taken, ${refused} refused`);
process.exit(refused ? 1 : 0);
