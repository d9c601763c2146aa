import { letters, type AuditSender } from '../sender.ts'
import { type AuditCase, textOfBody, type AuditRequest } from '../request.ts'

const LOST =
  'The sender treats the rejection as a failure, retries, and gives up: the event is lost.'

/** Genuine deliveries of every kind that the sender makes. Each must be taken. */
export function authenticCases(sender: AuditSender): readonly AuditCase[] {
  const { facts, now } = sender
  const main = textOfBody(sender.sign())
  const isMain = (request: AuditRequest): boolean =>
    textOfBody(request).charAt(0) === main.charAt(0)
  const genuine = (
    id: string,
    what: string,
    send: () => AuditRequest,
    more: Partial<AuditCase> = {},
  ): AuditCase => ({
    id: `authentic/${id}`,
    class: 'authentic',
    severity: 'high',
    what,
    sends: () => [[send()]],
    expects: { reply: 'taken', effects: 1 },
    why: LOST,
    remedy: 'raw-body',
    ...more,
  })
  return [
    ...sender.samples.map((sample) =>
      genuine(
        `topic:${sample.topic}`,
        `a genuine ${sample.topic}`,
        () => sender.sign({ sample }),
        // What comes in the sender's second format is often meant for another route.
        isMain(sender.sign({ sample })) ? {} : { severity: 'note' },
      ),
    ),
    genuine(
      'unknown-topic',
      'a genuine event of a topic that nobody knows',
      () => unknown(sender)!,
      {
        expects: { reply: 'taken' },
        why: 'Senders add topics. One that is rejected is retried, and many rejections switch the webhook off.',
        remedy: 'ignore-topics',
        ...skipUnless(unknown(sender) !== undefined, 'its topics cannot be made up'),
      },
    ),
    genuine(
      'skew',
      'a genuine delivery that was signed some time ago',
      () => sender.sign({ at: now() - skewOf(facts.tolerance ?? 0) * 1000 }),
      {
        severity: 'medium',
        why: 'Networks and clocks are late: what the sender allows must be accepted.',
        remedy: 'freshness',
        ...skipUnless(facts.tolerance !== undefined, NO_TIME),
      },
    ),
    genuine(
      'two-secrets',
      'a delivery signed with two secrets, the right one last',
      () => sender.sign({}, sender.rotating),
      {
        severity: 'medium',
        why: 'While a secret is changed, the sender signs with the old and the new one.',
        remedy: 'compare',
        ...skipUnless(sender.rotating !== undefined, 'it signs with one secret at a time'),
      },
    ),
    genuine(
      'retried',
      'a delivery with the headers of a retry',
      () => sender.sign({ headers: retryHeaders(sender) }),
      {
        why: 'A retry is the event: nothing else will come of it.',
        remedy: 'dedupe',
        ...skipUnless(
          Object.keys(retryHeaders(sender)).length > 0,
          'its retries have no headers of their own, as far as its page says',
        ),
      },
    ),
    genuine('in-time', 'a genuine delivery, and how long the answer takes', () => sender.sign(), {
      why: 'An answer that comes late is a failure to the sender, which retries.',
      remedy: 'answer-first',
    }),
  ]
}

export const NO_TIME = 'it signs no time, or its page names no tolerance'

/** `skip` with the reason, unless the condition holds. */
export function skipUnless(holds: boolean, reason: string): Pick<AuditCase, 'skip'> {
  return holds ? {} : { skip: reason }
}

/** Seconds of a delay that the tolerance allows with room to spare. */
function skewOf(tolerance: number): number {
  return Math.min(100, Math.floor(tolerance / 3))
}

/** A topic in the form of the sender's own, whose last part nobody knows. Undefined if its topics are not in what it sends. */
function unknown(sender: AuditSender): AuditRequest | undefined {
  const part = `audit${letters(12, sender.random)}`
  const [first] = sender.samples
  // Topics that are URLs are those that were subscribed to.
  if (first === undefined || first.topic.includes('://')) return undefined
  const topic = first.topic.replace(/[^./:_]+(?=_?[^./:]*$)/, part)
  for (const making of [{ topic }, { topic, payload: {} }]) {
    try {
      const request = sender.sign(making)
      if (holds(request, part)) return request
    } catch {
      // This sender makes its own topics alone.
    }
  }
  return undefined
}

function holds({ headers, body }: AuditRequest, text: string): boolean {
  return `${JSON.stringify(headers)} ${Buffer.from(body).toString()}`.includes(text)
}

/** The headers that the sender adds when it delivers again. */
function retryHeaders({ about }: AuditSender): Readonly<Record<string, string>> {
  return about.delivers.retryHeaders
}
