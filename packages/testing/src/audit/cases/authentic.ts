import { letters, type AuditSender } from '../sender.ts'
import { type AuditCase, casesLike, textOfBody, type AuditRequest } from '../request.ts'

const LOST =
  'The sender treats the rejection as a failure, retries, and gives up: the event is lost.'

/** Returns cases with genuine deliveries. The receiver must accept each of them. */
export function authenticCases(sender: AuditSender): readonly AuditCase[] {
  const { about, facts, now } = sender
  const main = textOfBody(sender.sign())
  const isMain = (request: AuditRequest): boolean =>
    textOfBody(request).charAt(0) === main.charAt(0)
  const genuine = casesLike({
    class: 'authentic',
    severity: 'high',
    expects: { reply: 'taken', effects: 1 },
    why: LOST,
    remedy: 'raw-body',
  })
  return [
    ...sender.samples.map((sample) =>
      genuine(
        `topic:${sample.topic}`,
        `a genuine ${sample.topic}`,
        () => sender.sign({ sample }),
        // A receiver often accepts the sender's second format on another route, so its rejection is only a note.
        isMain(sender.sign({ sample })) ? {} : { severity: 'note' },
      ),
    ),
    genuine(
      'unknown-topic',
      'a genuine event of a topic that nobody knows',
      () => unknown(sender)!,
      {
        expects: { reply: 'taken' },
        why: 'Senders add topics. The sender retries a rejected topic, and after many rejections it disables the webhook.',
        remedy: 'ignore-topics',
        ...skipUnless(unknown(sender) !== undefined, 'the sender’s topics cannot be made up'),
      },
    ),
    genuine(
      'skew',
      'a genuine delivery that was signed some time ago',
      () => sender.sign({ at: now() - skewOf(facts.tolerance ?? 0) * 1000 }),
      {
        severity: 'medium',
        why: 'Networks delay deliveries and clocks differ: accept each timestamp within the sender’s tolerance.',
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
        why: 'While a secret is rotated, the sender signs with the old and the new secret.',
        remedy: 'compare',
        ...skipUnless(sender.rotating !== undefined, 'the sender signs with one secret at a time'),
      },
    ),
    genuine(
      'retried',
      'a delivery with the headers of a retry',
      () => sender.sign({ headers: about.delivers.retryHeaders }),
      {
        why: 'A retry is the last chance to receive the event.',
        remedy: 'dedupe',
        ...skipUnless(
          Object.keys(about.delivers.retryHeaders).length > 0,
          'the sender’s retries have no headers of their own, as far as its page says',
        ),
      },
    ),
    genuine('in-time', 'a genuine delivery, and how long the answer takes', () => sender.sign(), {
      why: 'An answer that comes late is a failure to the sender, which retries.',
      remedy: 'answer-first',
    }),
  ]
}

export const NO_TIME = 'the sender signs no time, or its page names no tolerance'

export function skipUnless(holds: boolean, reason: string): Pick<AuditCase, 'skip'> {
  return holds ? {} : { skip: reason }
}

/** Returns a delay within the tolerance. Delay and tolerance are in seconds. */
function skewOf(tolerance: number): number {
  return Math.min(100, Math.floor(tolerance / 3))
}

/** Makes up a topic in the sender's format. Returns undefined if deliveries do not contain their topic. */
function unknown(sender: AuditSender): AuditRequest | undefined {
  const part = `audit${letters(12, sender.random)}`
  const [first] = sender.samples
  // If topics are URLs, a sender delivers only the subscribed topic. So the receiver cannot get another topic.
  if (first === undefined || first.topic.includes('://')) return undefined
  const topic = first.topic.replace(/[^./:_]+(?=_?[^./:]*$)/, part)
  for (const making of [{ topic }, { topic, payload: {} }]) {
    try {
      const request = sender.sign(making)
      if (holds(request, part)) return request
    } catch {
      // This provider allows only the topics that it knows.
    }
  }
  return undefined
}

function holds({ headers, body }: AuditRequest, text: string): boolean {
  return `${JSON.stringify(headers)} ${Buffer.from(body).toString()}`.includes(text)
}
