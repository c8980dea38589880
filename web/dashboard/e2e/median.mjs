// Measurements that a busy moment of the machine must not spoil.

/**
 * Measures at most `runs` times, and no more once it is sure whether the median is good: whether more than half of all
 * runs are. Gives that and what was measured.
 */
export async function measureMedian(runs, measure, isGood) {
  const needed = Math.ceil(runs / 2);
  const measured = [];
  const good = () => measured.filter(isGood).length;
  const isSure = () => good() >= needed || measured.length - good() > runs - needed;
  while (!isSure()) measured.push(await measure());
  return { isGood: good() >= needed, measured };
}
