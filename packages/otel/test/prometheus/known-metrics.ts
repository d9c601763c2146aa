import { INSTRUMENTS } from '../../src/index.ts'
import { metricName } from '../../src/instruments.ts'

const SERIES = { counter: ['_total'], gauge: [''], histogram: ['_bucket', '_sum', '_count'] }

/** Names of all series of the table of instruments, at Prometheus. */
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

/** What looks like a metric or a label of ours in a text, and is in no row of the table. */
export function unknownMetrics(text: string): readonly string[] {
  const words = text.match(/\b(?:postern|messaging)_\w+/g) ?? []
  return [...new Set(words)].filter((word) => !knownMetrics.has(word) && !LABELS.has(word))
}
