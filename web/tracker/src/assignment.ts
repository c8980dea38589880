// Which variant of an experiment a unit (a visitor, a session) gets: a pure function, the same as in the
// server's `nest_haus_domain::experiments`. Both are held to `test/vectors/assignment.json`.

/** Buckets that units are spread over. */
export const BUCKETS = 10_000;

/** A variant with its share. */
export interface Variant {
  key: string;
  /** Its share is its weight by the sum of all weights: a whole number from 0. */
  weight: number;
}

/** An experiment, as far as assignment needs it. */
export interface Experiment {
  id: string;
  /** Changing it deals all units anew. */
  salt: string;
  variants: readonly Variant[];
}

/**
 * The bucket of a unit, from 0 to 9999: SHA-256 of experiment, salt and unit one after another in UTF-8,
 * read as a number, modulo 10,000.
 *
 * Needs a secure context (HTTPS or localhost): browsers hash nowhere else.
 */
export async function bucket(experimentId: string, salt: string, unitId: string): Promise<number> {
  const text = new TextEncoder().encode(experimentId + salt + unitId);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return digest.reduce((remainder, byte) => (remainder * 256 + byte) % BUCKETS, 0);
}

/** The variant of a unit; nothing if no variant has a weight. */
export async function assign(experiment: Experiment, unitId: string): Promise<string | undefined> {
  return variantOf(experiment.variants, await bucket(experiment.id, experiment.salt, unitId));
}

/** The variant that a bucket belongs to: variants take the buckets in their order, by their weights. */
export function variantOf(variants: readonly Variant[], ofBucket: number): string | undefined {
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  const found = variants.find(({ weight }) => {
    sum += weight;
    return ofBucket * total < sum * BUCKETS;
  });
  return found?.key;
}
