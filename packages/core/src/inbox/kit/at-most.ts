import { MAX_TIMER } from '../../duration.ts'

/** Resolves with the work, or after a time in milliseconds without it. */
export async function atMost(work: Promise<unknown>, time: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(time, MAX_TIMER))
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
