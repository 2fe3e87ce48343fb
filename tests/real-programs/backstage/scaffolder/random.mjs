// Numbers that look random and are the same for the same seed (mulberry32): what is made up can be made up again.
export const seeded = seed => {
  let state = (seed || 1) >>> 0;
  const random = bound => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
  return { random, pick: list => list[random(list.length)] };
};
