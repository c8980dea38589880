// Axes of charts for values that are no counts: shares, amounts, durations.

/** An axis from zero; `format` writes its labels. */
export function valueAxis(format: (value: number) => string): object {
  return { type: "value", min: 0, axisLabel: { formatter: format, hideOverlap: true } };
}
