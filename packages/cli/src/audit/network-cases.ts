import type { AuditCase, AuditRequest, AuditSender, WireForm } from '@postern/testing/audit'
import { gzipSync } from 'node:zlib'

const LOST =
  'The sender treats the rejection as a failure, retries, and gives up: the event is lost.'

/**
 * Returns audit cases about connections. Tests that call a handler directly cannot run these cases, because the cases
 * need a server.
 */
export function networkCases(sender: AuditSender): readonly AuditCase[] {
  return [...wireForms(sender), ...crowds(sender), ...massCases(sender)]
}

function wireForms(sender: AuditSender): readonly AuditCase[] {
  const path = new URL(sender.url).pathname
  const genuine = (
    id: string,
    what: string,
    sends: AuditCase['sends'],
    effects: number,
    more: Partial<AuditCase> = {},
  ): AuditCase => ({
    id: `authentic/${id}`,
    class: 'authentic',
    severity: 'medium',
    what,
    sends,
    expects: { reply: 'taken', effects },
    why: LOST,
    remedy: 'raw-body',
    ...more,
  })
  return [
    genuine(
      'chunked',
      'a genuine delivery in chunks, without its length',
      () => [[by(sender.sign(), { chunked: true })]],
      1,
    ),
    genuine(
      'keep-alive',
      'three genuine deliveries over one connection',
      () => [1, 2, 3].map(() => [by(sender.sign(), { same: true })]),
      3,
    ),
    genuine(
      'header-case',
      'a genuine delivery whose header names are in capitals',
      () => [[by(sender.sign(), { capitals: true })]],
      1,
    ),
    {
      id: 'forged/path-dot-segment',
      class: 'forged',
      severity: 'critical',
      what: 'an unsigned delivery, its path with /x/.. in front',
      sends: () => [[by(unsigned(sender), { target: `/x/..${path}` })]],
      expects: { reply: 'rejected', effects: 0 },
      why: 'A proxy and an app can read one path differently.',
      remedy: 'route',
      control: () => by(unsigned(sender), { target: '/x/../postern-audit-nowhere' }),
      ...(!sender.facts.place && { skip: 'the sender’s signature is in the body' }),
    },
    {
      id: 'idempotency/hung-up',
      class: 'idempotency',
      severity: 'high',
      what: 'one delivery whose sender disconnects before the reply, and the same again',
      sends: () => {
        const request = sender.sign()
        return [[by(request, { leaves: true })], [request]]
      },
      expects: { reply: 'busy', effects: 1 },
      why: 'The sender did not see the reply, and delivers again: the event must be handled once.',
      remedy: 'dedupe',
      tries: 2,
      ...(!sender.facts.ids && { skip: 'the sender’s events have no id that stays the same' }),
    },
  ]
}

function crowds(sender: AuditSender): readonly AuditCase[] {
  const crowd = (
    id: string,
    what: string,
    more: Omit<AuditCase, 'id' | 'what' | 'class' | 'severity'>,
  ): AuditCase => ({
    id: `resilience/${id}`,
    class: 'resilience',
    severity: 'high',
    what,
    ...more,
  })
  return [
    crowd(
      'aborted',
      'three deliveries that end in the middle of their bodies, then a genuine one',
      {
        sends: () => {
          const cut = (): AuditRequest => {
            const request = sender.sign()
            return by(request, { cut: Math.floor(request.body.length / 2) })
          }
          return [[cut(), cut(), cut()], [sender.sign()]]
        },
        expects: { reply: 'taken', effects: 1 },
        why: 'Connections break often. A broken one must not end the process.',
        remedy: 'crash',
      },
    ),
    crowd(
      'slow-bodies',
      '40 bodies that arrive one byte at a time, and a genuine delivery at the same time',
      {
        sends: () => [
          [
            ...Array.from({ length: 40 }, () => by(unsigned(sender), { slow: true })),
            sender.sign(),
          ],
        ],
        expects: { reply: 'taken', effects: 1 },
        why: 'One client with 40 slow connections must not block all others.',
        remedy: 'timeouts',
        heavy: true,
      },
    ),
    crowd('burst', '200 genuine deliveries at once', {
      sends: () => [Array.from({ length: 200 }, () => sender.sign())],
      expects: { reply: 'busy' },
      why: 'Senders deliver a backlog all at once: each delivery must be accepted, or its sender asked to retry.',
      remedy: 'answer-first',
      heavy: true,
    }),
  ]
}

const MIB = 1024 * 1024

let bomb: Buffer | undefined

/** Returns cases with unsigned requests that need much memory to read. */
function massCases(sender: AuditSender): readonly AuditCase[] {
  const largest = sender.facts.largest ?? 0
  const size = largest >= 25 * MIB ? 64 * MIB : 25 * MIB
  const mass = (
    id: string,
    what: string,
    request: () => AuditRequest,
    remedy: AuditCase['remedy'],
  ): AuditCase => ({
    id: `spoilt/${id}`,
    class: 'spoilt',
    severity: 'high',
    what,
    sends: () => [[request()]],
    expects: { reply: 'rejected', effects: 0 },
    why: "It costs a stranger little, but it can use up the receiver's memory.",
    remedy,
    heavy: true,
  })
  return [
    mass(
      'many-headers',
      'an unsigned delivery with 2,000 headers',
      () => {
        const request = unsigned(sender)
        const more = Array.from({ length: 2000 }, (_, at) => [`x-audit-${at}`, 'a'] as const)
        return { ...request, headers: [...request.headers, ...more] }
      },
      'body-limit',
    ),
    mass(
      'gzip-bomb',
      'an unsigned body of 50 KB that unpacks to 50 MB',
      () => {
        bomb ??= gzipSync(Buffer.alloc(50 * 1000 * 1000))
        const request = unsigned(sender)
        return {
          ...request,
          headers: [...request.headers, ['content-encoding', 'gzip'] as const],
          body: bomb,
        }
      },
      'body-limit',
    ),
    mass(
      'huge-body',
      `an unsigned body of ${size / MIB} MiB`,
      () => by(unsigned(sender), { length: size }),
      'body-limit',
    ),
  ]
}

function by(request: AuditRequest, wire: WireForm): AuditRequest {
  return { ...request, wire }
}

function unsigned(sender: AuditSender): AuditRequest {
  const request = sender.sign()
  const { place } = sender.facts
  const name = place && 'header' in place ? place.header.toLowerCase() : undefined
  const headers = request.headers.filter(([one]) => one.toLowerCase() !== name)
  if (!place || !('query' in place)) return { ...request, headers }
  const url = new URL(request.url)
  url.searchParams.delete(place.query)
  return { ...request, url: url.href }
}
