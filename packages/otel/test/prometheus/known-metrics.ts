import { INSTRUMENTS } from '../../src/index.ts'
import { metricName } from '../../src/instruments.ts'

const SERIES = { counter: ['_total'], gauge: [''], histogram: ['_bucket', '_sum', '_count'] }

/** Prometheus names of all series in the table of instruments. */
const knownMetrics: ReadonlySet<string> = new Set(
  Object.values(INSTRUMENTS).flatMap((row) =>
    SERIES[row.kind].map((ending) => metricName(row).replaceAll('.', '_') + ending),
  ),
)

const LABELS: ReadonlySet<string> = new Set(
  Object.values(INSTRUMENTS).flatMap((row) =>
    row.attributes.map((name) => name.replaceAll('.', '_')),
  ),
)

/** Returns names in a text that look like Postern's metrics or labels and are not in the table. */
export function unknownMetrics(text: string): readonly string[] {
  const words = text.match(/\b(?:postern|messaging)_\w+/g) ?? []
  return [...new Set(words)].filter((word) => !knownMetrics.has(word) && !LABELS.has(word))
}
