import { setTimeout as wait } from 'node:timers/promises'

/** Calls a function several times: one call after another, or `rate` calls per second, however long each call takes. */
export async function paced(
  times: number,
  rate: number | undefined,
  one: (at: number) => Promise<void>,
): Promise<void> {
  if (rate === undefined) {
    for (let at = 0; at < times; at++) await one(at)
    return
  }
  const started = performance.now()
  const all: Promise<void>[] = []
  const failed = new AbortController()
  for (let at = 0; at < times && !failed.signal.aborted; at++) {
    const early = started + (at * 1000) / rate - performance.now()
    if (early > 0) await wait(early, undefined, { signal: failed.signal }).catch(() => undefined)
    if (failed.signal.aborted) break
    const sent = one(at)
    sent.catch(() => failed.abort())
    all.push(sent)
  }
  await Promise.all(all)
}
