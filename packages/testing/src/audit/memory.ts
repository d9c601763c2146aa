import type { AuditCase } from './case.ts'
import type { AuditFailure } from './report.ts'

// Bytes. A burst of 200 deliveries costs half of it.
const MOST = 100 * 1024 * 1024
const ID = 'health/memory'

/** The case that no request belongs to: what a run leaves in memory. */
export function memoryCase(isKnown: boolean): AuditCase {
  return {
    id: ID,
    class: 'health',
    severity: 'medium',
    what: 'all requests together, and what memory the process takes after them',
    sends: () => [],
    expects: { reply: 'sane' },
    why: 'What strangers send must not be held: with more of it the process ends.',
    remedy: 'body-limit',
    ...(!isKnown && { skip: 'nobody said which process it is' }),
  }
}

/** Compares the memory before a run and after it. It cannot be tried again: memory that grew stays. */
export function watchMemory(
  read: (() => Promise<number>) | undefined,
  cases: readonly AuditCase[],
): { start(): Promise<void>; failures(): Promise<readonly AuditFailure[]> } {
  const judged = cases.find(({ id }) => id === ID)
  let before = Number.NaN
  return {
    async start() {
      if (read && judged) before = await read()
    },
    async failures() {
      const grown = read && judged ? (await read()) - before : Number.NaN
      if (!judged || !(grown > MOST)) return []
      const came = `it takes ${Math.round(grown / 1024 / 1024)} MiB more than before`
      return [{ case: judged, symptom: 'memory', severity: judged.severity, came }]
    },
  }
}
