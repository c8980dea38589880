// The server and the page deal the same variants.

import fc from "fast-check";
import { expect, test } from "vitest";

import { assign, BUCKETS, bucket, variantOf } from "../src/assignment";
import vectors from "./vectors/assignment.json";

test.each(vectors)("$experimentId $salt $unitId", async (vector) => {
  const { experimentId, salt, unitId } = vector;
  const variants = vector.variants.map(([key, weight]) => ({
    key: String(key),
    weight: Number(weight),
  }));
  expect(await bucket(experimentId, salt, unitId)).toBe(vector.bucket);
  const assigned = await assign({ id: experimentId, salt, variants }, unitId);
  expect(assigned ?? null).toBe(vector.variant);
});

test("every variant gets as many buckets as its weight says", () => {
  const weights = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(weights, (all) => {
      const variants = all.map((weight, index) => ({ key: String(index), weight }));
      const total = all.reduce((sum, weight) => sum + weight, 0);
      const counts = new Map<string | undefined, number>();
      for (let each = 0; each < BUCKETS; each += 1) {
        const key = variantOf(variants, each);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      for (const { key, weight } of variants) {
        const share = total > 0 ? weight / total : 0;
        expect(Math.abs((counts.get(key) ?? 0) - share * BUCKETS)).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 25 },
  );
});
