import { isDeepStrictEqual } from 'node:util'
import type { HostileCase, Run } from './case.ts'
import { recording } from './genuine.ts'
import type { Host } from './hosts.ts'

export interface Verdict {
  readonly host: string
  readonly hostile: HostileCase
  /** True if a handler ran that must not run. */
  readonly accepted: boolean
  /** True for a reply of 500, no reply, or an uncaught error. */
  readonly crashed: boolean
  /** What failed. Undefined if the case passed. */
  readonly wrong: string | undefined
}

export async function playAll(
  cases: readonly HostileCase[],
  host: Host,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (const hostile of cases) {
    const verdict = await play(hostile, host)
    if (verdict) verdicts.push(verdict)
  }
  return verdicts
}

/** Plays a case on a host with a new receiver. Returns undefined if the host cannot send the requests of the case. */
async function play(hostile: HostileCase, host: Host): Promise<Verdict | undefined> {
  if (hostile.without?.[host.name] !== undefined) return undefined
  const { receiver, runs, settled } = recording(
    { ...hostile.options, provider: hostile.provider() },
    hostile.now,
  )
  host.use(receiver)
  const wrong: string[] = []
  const left = [...hostile.runs]
  const allowed: Run[] = []
  let crashed = false
  for (const [at, step] of hostile.steps.entries()) {
    const { status, body } = await host.send(step.wire)
    if (status === 500 || status === 0) crashed ||= !step.status.includes(status)
    const code = codeOf(body)
    if (!step.status.includes(status))
      wrong.push(`step ${at + 1}: ${status} ${code ?? ''}, must be ${step.status.join(' or ')}`)
    else if (step.code && status >= 400 && !step.code.includes(code ?? ''))
      wrong.push(`step ${at + 1}: ${code}, must be ${step.code.join(' or ')}`)
    if (!(await ends(settled()))) {
      crashed = true
      wrong.push(`step ${at + 1}: a handler did not end`)
    }
    if (at === 0 && hostile.sameAsFirst) {
      if (hostile.once) left.push(...runs)
      else allowed.push(...runs)
      if (runs.length === 0) wrong.push('the genuine delivery gave no event')
    }
  }
  await receiver.close()
  const extra = runs.filter((run) => {
    const found = left.findIndex((one) => isDeepStrictEqual(one, run))
    if (found >= 0) left.splice(found, 1)
    return found < 0 && !allowed.some((one) => isDeepStrictEqual(one, run))
  })
  if (extra.length > 0) wrong.push(`handlers got ${shown(extra)}`)
  const missing = left.length > 0 && !(hostile.orNone === true && runs.length === 0)
  if (missing) wrong.push(`handlers did not get ${shown(left)}`)
  const after = hostile.after?.()
  if (after !== undefined) wrong.push(after)
  return {
    host: host.name,
    hostile,
    accepted: extra.length > 0,
    crashed,
    wrong: wrong.length > 0 ? wrong.join('; ') : undefined,
  }
}

async function ends(handlers: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), 10_000)
  })
  const ended = await Promise.race([handlers.then(() => true), late])
  clearTimeout(timer)
  return ended
}

function codeOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { code?: string }).code
  } catch {
    return undefined
  }
}

function shown(runs: readonly Run[]): string {
  return JSON.stringify(runs, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  ).slice(0, 300)
}
