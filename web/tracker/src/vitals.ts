// Measures web vitals. A value that grows is told again under the id of its measurement; the last counts.

import { type MetricType, onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
import type { Recorder } from "./tracker";

/** Measures the vitals of this page, until the tracker stops. */
export function start(recorder: Recorder): void {
  let isOn = true;
  recorder.listen({
    stop() {
      isOn = false;
    },
  });
  const report = ({ name, value, id, rating, navigationType }: MetricType) => {
    if (!isOn) return;
    const additionalData = { id, rating, navigationType, page: location.pathname };
    recorder.measure({ metricName: name, value, additionalData });
  };
  for (const measure of [onCLS, onFCP, onINP, onLCP, onTTFB]) measure(report);
}
