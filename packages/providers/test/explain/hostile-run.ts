import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { DeliveryInit } from '@postern/core'
import { explain } from '@postern/core/explain'
import { sealed as sealedBy, signatureHeader } from './sealed.ts'

// Runs in a separate process, so that all of its memory is measured: `node hostile-run.ts <case> <sender>` prints JSON.
const [, , name = '', sender = ''] = process.argv
const MIB = 1024 * 1024

const BODIES: Readonly<Record<string, () => Uint8Array>> = {
  deep: () => Buffer.from(`${'['.repeat(120_000)}${']'.repeat(120_000)}`),
  numbers: () => Buffer.from(`[${'1,'.repeat(1_000_000)}1]`),
  large: () => Buffer.from(`{"a":"${'é\r\n'.repeat(6 * MIB)}"}\n`),
  bomb: () => gzipSync(Buffer.alloc(200 * MIB)),
  headers: () => Buffer.from('{}'),
  quotes: () => Buffer.from(`{"a":${'"\\'.repeat(100_000)}`),
  values: () =>
    Buffer.from(`{${Array.from({ length: 12_000 }, (_, at) => `"${at}":"</é>"`).join(',')}}`),
  fields: () => Buffer.from(Array.from({ length: 60_000 }, (_, at) => `a${at % 7}=%`).join('&')),
  string: () => Buffer.from(`{"a":"${'x'.repeat(25 * MIB)}"}`),
  keys: () => Buffer.from(`{${Array.from({ length: 100_000 }, () => '"a":1').join(',')}}`),
  pairs: () => Buffer.from('=&'.repeat(12.5 * MIB)),
  commas: () => Buffer.from('{"a":1}'),
  leaves: () =>
    Buffer.from(JSON.stringify(Array.from({ length: 4000 }, (_, at) => `eyJhIjoxfQ${at}`))),
  members: () =>
    Buffer.from(
      JSON.stringify(Object.fromEntries(Array.from({ length: 4000 }, (_, at) => [`k${at}`, 1.5]))),
    ),
  envelopes: () =>
    Buffer.from(JSON.stringify({ body: JSON.stringify({ body: 'x'.repeat(200_000) }) })),
}

const sealed = sealedBy(sender)
const { request } = sealed
const many = Array.from(
  { length: 2000 },
  (_, at) => [`x-signature-${at}`, `${'a1b2,'.repeat(50)}${at}`] as const,
)
const delivery: DeliveryInit = {
  ...request,
  url: `${request.url}&${Array.from({ length: 200 }, (_, at) => `p${at}=%zz`).join('&')}`,
  body: BODIES[name]!(),
  headers: name === 'headers' ? [...many, ...Object.entries(request.headers)] : request.headers,
}
const own = signatureHeader(sealed)
if (name === 'commas' && own !== '')
  Object.assign(delivery, {
    headers: { ...request.headers, [own]: `${request.headers[own]}${',v1=ab'.repeat(100_000)}` },
  })
const passes = cpuOf(readMany)
global.gc?.()
const before = process.memoryUsage().rss
const began = process.cpuUsage()
const { stats, findings } = await explain(delivery, sealed.provider(), {
  now: () => Date.parse('2026-11-25T12:00:00Z'),
})
console.log(
  JSON.stringify({
    ...stats,
    first: findings[0]?.cause,
    work: Math.round((cpuSince(began) / passes) * 10) / 10,
    mib: Math.round((largest() - before) / MIB),
  }),
)

/** The unit of work is a loop over 200 MiB, which takes about 250 ms of CPU. The limit of `explain` is one second. */
function readMany(): number {
  const bytes = new Uint8Array(MIB)
  let sum = 0
  for (let pass = 0; pass < 200; pass++)
    for (let at = 0; at < bytes.length; at++) sum = (Math.imul(sum, 31) + bytes[at]! + at) | 0
  return sum
}

/** Returns the CPU time in milliseconds, which other processes change little. */
function cpuOf(work: () => unknown): number {
  const started = process.cpuUsage()
  work()
  return cpuSince(started)
}

function cpuSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000
}

/** Returns the maximum memory of this process, in bytes. */
function largest(): number {
  try {
    // On Linux, a process starts with the maxRSS of its parent, but VmHWM is its own.
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}
