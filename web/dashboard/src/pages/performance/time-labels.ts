// Labels of hours or days along a chart.

import { useMemo } from "react";
import { useFormats } from "../../app/navigation";

const HOUR_MS = 3_600_000;

/** Labels of buckets by their beginnings: the time where they are hours, the day where they are days. */
export function useTimeLabels(buckets: readonly { start: string }[]): readonly string[] {
  const formats = useFormats();
  return useMemo(() => {
    const [first, second] = buckets.map(({ start }) => Date.parse(start));
    const areHours = first !== undefined && second !== undefined && second - first <= HOUR_MS;
    return buckets.map(({ start }) =>
      areHours ? formats.time(start).slice(0, 5) : formats.dateShort(start),
    );
  }, [buckets, formats]);
}
