import type { Delivers } from '@postern/core/scheme'
import { HOUR } from './units.ts'

/** How Svix delivers, for those who send by it and say nothing else. */
export const SVIX_DELIVERS: Partial<Delivers> = {
  within: 15_000,
  retries: 28 * HOUR,
  redirect: 'failure',
  after4xx: 'retried',
  givesUp: 'disabled after five days in which all failed',
  ok: '2xx',
  source: 'https://docs.svix.com/retries',
}
