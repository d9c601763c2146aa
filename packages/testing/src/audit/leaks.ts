import {
  type AuditCase,
  type Severity,
  valueAt,
  type AuditReply,
  type AuditRequest,
} from './request.ts'
import { macOf, type AuditSender } from './sender.ts'
import type { AuditFailure } from './report.ts'

export interface LeakWatch {
  saw(judged: AuditCase, request: AuditRequest, reply: AuditReply): void
  log(text: string): void
  readonly failures: readonly AuditFailure[]
}

const STACK =
  /^\s+at .+[:(].*\d+:\d+\)?|Traceback \(most recent call last\)|^goroutine \d+ \[|Stack trace:\s+#0|\bat [\w$.<>]+\s\([^)]+:\d+:\d+\)|<b>(?:Fatal error|Warning)<\/b>:.* on line/m

/** Returns cases that send no requests. Instead, all replies of the run and the log are searched. */
export function leakCases(hasLog: boolean): readonly AuditCase[] {
  const leak = (id: string, severity: Severity, what: string, why: string): AuditCase => ({
    id: `leaks/${id}`,
    class: 'leaks',
    severity,
    what,
    sends: () => [],
    expects: { reply: 'sane' },
    why,
    remedy: id === 'stack' ? 'stack' : 'quiet',
    ...(id.startsWith('log') && !hasLog && { skip: 'no log was given' }),
  })
  return [
    leak(
      'stack',
      'medium',
      'no reply may contain a stack trace',
      'A stack trace shows attackers file names and versions.',
    ),
    leak(
      'secret',
      'critical',
      'no reply may contain the secret',
      'Anyone with the secret can sign anything.',
    ),
    leak(
      'signature',
      'critical',
      'no rejection may contain the right signature',
      'A stranger who sees the right signature sends it with the next request.',
    ),
    leak(
      'log-secret',
      'critical',
      'the log of the run may not contain the secret',
      'Logs are read by many people and programs.',
    ),
    leak(
      'log-signature',
      'medium',
      'the log of the run may not contain a signature of a genuine delivery',
      'Anyone who reads a signature in a log can replay its delivery.',
    ),
  ]
}

export function createLeakWatch(sender: AuditSender, cases: readonly AuditCase[]): LeakWatch {
  const failures = new Map<string, AuditFailure>()
  const genuine = new Set<string>()
  const secrets = sender.secrets.filter((secret) => secret.length >= SHORTEST)
  const note = (id: string, came: string, shown: Partial<AuditFailure> = {}): void => {
    const judged = cases.find((one) => one.id === `leaks/${id}` && one.skip === undefined)
    if (!judged || failures.has(id)) return
    failures.set(id, {
      case: judged,
      symptom: 'leak',
      severity: judged.severity,
      came,
      ...shown,
    })
  }
  return {
    get failures() {
      return [...failures.values()]
    },
    saw(judged, request, reply) {
      const text = `${reply.body}\n${Object.values(reply.headers).join('\n')}`
      const shown = { request, reply }
      const after = `after ${judged.what}`
      if (STACK.test(reply.body)) note('stack', `${reply.status} with a stack, ${after}`, shown)
      if (secrets.some((secret) => text.includes(secret)))
        note('secret', `${reply.status} with the secret in it, ${after}`, shown)
      if (judged.class === 'authentic') genuine.add(macIn(sender, request) ?? '')
      if (judged.class !== 'forged') return
      const own = macIn(sender, request)
      if (rightMacs(sender, request).some((mac) => mac !== own && text.includes(mac)))
        note('signature', `${reply.status} with the right signature in it, ${after}`, shown)
    },
    log(text) {
      if (secrets.some((secret) => text.includes(secret)))
        note('log-secret', 'the secret is in the log')
      if ([...genuine].some((mac) => mac.length >= SHORTEST && text.includes(mac)))
        note('log-signature', 'signatures are in the log')
    },
  }
}

const SHORTEST = 8

function macIn(sender: AuditSender, request: AuditRequest): string | undefined {
  const { place } = sender.facts
  const value = place && valueAt(request, place)
  return value === undefined || value === '' ? undefined : macOf(value).mac
}

/** Returns the correct signatures of the request for three signed times: now, one second ago and two seconds ago. */
function rightMacs(sender: AuditSender, request: AuditRequest): readonly string[] {
  const [secret] = sender.secrets
  if (secret === undefined || sender.facts.covers === 'none') return []
  return [0, 1, 2].flatMap((ago) => {
    try {
      const mac = macIn(sender, sender.signedWith(request, secret, sender.now() - ago * 1000))
      return mac !== undefined && mac.length >= SHORTEST ? [mac] : []
    } catch {
      return []
    }
  })
}
