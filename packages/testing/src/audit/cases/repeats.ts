import type { AuditCase } from '../case.ts'
import type { AuditRequest } from '../request.ts'
import type { AuditSender } from '../sender.ts'
import { NO_TIME, skipUnless } from './authentic.ts'

const NO_IDS = 'its events have no id that stays the same'

/** One event that comes again, and two that look alike. */
export function repeatCases(sender: AuditSender): readonly AuditCase[] {
  const { facts } = sender
  const repeated = (
    id: string,
    what: string,
    sends: () => readonly (readonly AuditRequest[])[],
    more: Partial<AuditCase> = {},
  ): AuditCase => ({
    id: `idempotency/${id}`,
    class: 'idempotency',
    severity: 'high',
    what,
    sends,
    expects: { reply: 'taken', effects: 1 },
    why: 'Senders deliver an event again if the answer got lost: it must be booked, mailed or shipped once.',
    remedy: 'dedupe',
    ...skipUnless(facts.ids, NO_IDS),
    ...more,
  })
  return [
    repeated('twice', 'one delivery, and the same again', () => {
      const request = sender.sign()
      return [[request], [request]]
    }),
    repeated(
      'at-once',
      'one delivery, five times at once',
      () => {
        const request = sender.sign()
        return [Array.from({ length: 5 }, () => request)]
      },
      { expects: { reply: 'busy', effects: 1 }, tries: 3 },
    ),
    repeated(
      'signed-again',
      'one event, signed again for its retry',
      () => {
        const now = sender.now()
        const request = sender.sign({ id: sender.freshId(), at: now - 2000 })
        return [[request], [sender.again(request, { at: now })]]
      },
      skipUnless(facts.ids && facts.tolerance !== undefined, facts.ids ? NO_TIME : NO_IDS),
    ),
    repeated(
      'two-alike',
      'two events with the same content and two ids',
      () => {
        const request = sender.sign({ id: sender.freshId() })
        return [[request], [sender.again(request, { id: sender.freshId() })]]
      },
      {
        expects: { reply: 'taken', effects: 2 },
        ...skipUnless(
          facts.ids && sender.about.repeats && sender.about.delivers.retryId !== 'new',
          facts.ids ? 'its retries have new ids, or it never signs the same bytes twice' : NO_IDS,
        ),
        why: 'A customer can order the same thing twice: the id tells events apart, not the content.',
      },
    ),
    repeated(
      'restart',
      'one delivery, a restart, and the same delivery again',
      () => {
        const request = sender.sign()
        return [[request], [request]]
      },
      {
        between: 'restart',
        why: 'What is kept in memory is forgotten by a deploy, and retries come for hours.',
      },
    ),
  ]
}
