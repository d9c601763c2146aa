import type { WebhookError } from '../errors.ts'
import type { Provider } from '../provider/provider.ts'
import { createBounds } from './bounds.ts'
import { hasMilliseconds } from './signature/clock-unit.ts'
import { finding, type Finding, type Clue } from './finding.ts'
import { isUrlSigned } from './trial/groups.ts'
import { missingHeaders } from './signature/headers.ts'
import { lost } from './body/lost.ts'
import type { Reads } from './trial/recording.ts'
import type { Subject } from './subject.ts'
import { clockUnit } from './signature/time.ts'
import { wrongSecret, type SenderSecrets } from './secret/wrong-secret.ts'
import { isPrivateHost } from './url/url-sources.ts'

// A body of 256 KiB takes 10 ms.
const LOOK = 100

/** The result of a search without a proof: a refusal. */
interface Unproven {
  readonly subject: Subject | undefined
  readonly provider: Provider
  readonly error: WebhookError
  readonly reads: Reads
  /** Other senders that the delivery may come from. */
  readonly others: readonly Clue[]
  /** The secrets of all providers of this sender that were tried. */
  readonly held: readonly SenderSecrets[]
  /** Milliseconds for a look at the body. */
  readonly ms: number
}

/** Findings without a proof, the likeliest first. */
export function likely({ subject, provider, error, reads, others, held, ms }: Unproven): Finding[] {
  if (!subject) return [finding(noSecret(error), 'likely')]
  const { request } = subject.state
  const gone =
    reads.body || provider.covers.body !== 'none'
      ? lost(request, createBounds(Infinity, Math.min(ms, LOOK)))
      : []
  const inBody = error.code === 'missing_header' && missingHeaders(request, reads).length === 0
  const steps = [
    ...others,
    ...(inBody ? gone : []),
    ...(error.code === 'missing_header' ? [missing(error, provider)] : []),
    ...(error.code === 'malformed_header'
      ? [malformed(error, request.headers, reads, hasMilliseconds(request, reads))]
      : []),
    ...(inBody ? [] : gone),
  ]
  const about = subject.made?.factory.about
  const wrong =
    error.code === 'unknown_sender'
      ? noSecret(error)
      : error.code === 'signature_mismatch'
        ? wrongSecret(held, about)
        : undefined
  const sure = steps.filter(({ guessed }) => guessed !== true)
  const isUrl = error.code === 'signature_mismatch' && isUrlSigned(subject, reads)
  // No sender reaches a private host, so that one was never signed.
  const isPrivate = isUrl && isPrivateHost(subject.publicUrl ?? request.url)
  const findings = [
    ...sure.map((step) => finding(step, 'likely')),
    ...(isPrivate ? [finding(otherUrl(), 'likely')] : []),
    ...(wrong ? [finding(wrong, sure.length > 0 || isPrivate ? 'possible' : 'likely')] : []),
    ...(isUrl && !isPrivate ? [finding(otherUrl(), 'possible')] : []),
    ...steps.filter(({ guessed }) => guessed).map((step) => finding(step, 'possible')),
  ]
  return findings.length > 0
    ? findings
    : [finding(unexpected(error, about?.title ?? provider.name), 'possible')]
}

/** What has no other name: at least what verification said. */
function unexpected({ code, message }: WebhookError, title: string): Clue {
  if (code === 'timestamp_too_old' || code === 'timestamp_in_future')
    return {
      cause: code === 'timestamp_too_old' ? 'stale' : 'clock-skew',
      message,
      remedy: 'compare the clock with a time server, or let the sender deliver it again',
    }
  return {
    cause: 'wrong-provider',
    message: `the delivery is not what ${title} sends: ${message}`,
    remedy: `check that the URL of this receiver was given to ${title} alone, and that nothing in front rewrites requests`,
  }
}

function missing({ message }: WebhookError, { name }: Provider): Clue {
  return {
    cause: 'header-missing',
    message: `${message}, and nothing that came takes its place`,
    remedy: `let the proxy or host in front pass it on; if ${name} never sent it, set a secret for the webhook at the sender`,
  }
}

function malformed(
  error: WebhookError,
  headers: ReadonlyMap<string, readonly string[]>,
  reads: Reads,
  milliseconds: boolean,
): Clue {
  if (error.problem === 'not_a_time')
    return clockUnit(milliseconds ? 'the signed time (in milliseconds)' : 'the signed time')
  const several = [...reads.headers].some((name) => (headers.get(name)?.length ?? 0) > 1)
  const joined = several || error.problem === 'repeated' || error.problem === 'several'
  const prefix = error.problem === 'wrong_prefix'
  return {
    cause: joined ? 'header-joined' : prefix ? 'signature-prefix' : 'signature-encoding',
    message: error.message,
    remedy: 'let the proxy or host in front pass the header on as it came',
  }
}

function noSecret({ message }: WebhookError): Clue {
  return {
    cause: 'secret-wrong',
    message,
    remedy: 'give the secret of the endpoint that this delivery belongs to',
  }
}

function otherUrl(): Clue {
  return {
    cause: 'url-host',
    message:
      'the URL is signed too: a proxy may have changed it, and left no trace of the one that was signed',
    remedy:
      'give the adapter the origin as the sender has it: publicBase; or the provider the whole URL, if it has the option publicUrl',
  }
}
