import type { Instrument } from '@postern/otel/metrics'

/**
 * The name of a metric at Prometheus, before the exporter writes dots as underscores and adds `_total` to a counter: that of
 * its row in `INSTRUMENTS` of `@postern/otel/metrics`, which lists all, and
 * its unit, as Prometheus itself translates OpenTelemetry's names. One dashboard then fits both ways.
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export function metricName({ name, unit }: Pick<Instrument, 'name' | 'unit'>): string {
  // Counted things, `{delivery}`, are a remark and no unit.
  if (/^(?:\{.*\})?$/.test(unit)) return name
  const word = UNITS[unit]
  if (word === undefined) throw new TypeError(`${name}: unit ${unit} has no word at Prometheus`)
  return `${name}_${word}`
}

const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' }
