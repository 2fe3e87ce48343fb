// The real packages, from target/backstage. Deep files are required by path: packages hide them.
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
export const home = process.env.BACKSTAGE_PACKAGES ?? join(here, '../../../target/backstage');
if (!existsSync(join(home, 'node_modules'))) {
  console.error(`no packages in ${home}: see README.md`);
  process.exit(2);
}
const real = createRequire(join(home, 'package.json'));
export const load = name => real(name);
export const deep = file => real(join(home, 'node_modules', file));

// Small and repeatable.
export function random(seed) {
  let state = seed >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
  const below = n => Math.floor(next() * n);
  return { below, pick: list => list[below(list.length)], chance: p => next() < p };
}

export const silent = { info() {}, warn() {}, error() {}, debug() {}, child() { return silent; } };
