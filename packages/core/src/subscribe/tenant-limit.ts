import { unknownOptions } from '../basics/unknown-options.ts'

/**
 * Rate limit of one tenant in one subscription and process. A task over it returns to the inbox without using an attempt
 * and runs later at the pace of its tenant; meanwhile it holds no place of the subscription.
 *
 * @example
 * receiver.on('orders/*', { tenantLimit: { rate: 5, concurrency: 2 } }, callShopApi)
 */
export interface TenantLimitOptions {
  /**
   * Runs of one tenant that may start per second; 0.2 is one in five seconds. After late starts at most a tenth of a second's
   * runs, and one more, come on top. @default no bound
   */
  readonly rate?: number
  /** Runs of one tenant at once. @default no bound but the subscription's */
  readonly concurrency?: number
}

/** Throws a `TypeError` if `tenantLimit` of a subscription is wrong. */
export function checkTenantLimit(option: TenantLimitOptions | undefined, name: string): void {
  if (option === undefined) return
  unknownOptions(`tenantLimit of ${name}`, option, ['rate', 'concurrency'])
  const { rate, concurrency } = option
  if (rate === undefined && concurrency === undefined)
    throw new TypeError(
      `tenantLimit of ${name} must have a rate or a concurrency, such as { rate: 5 }`,
    )
  if (rate !== undefined && !(typeof rate === 'number' && rate > 0 && rate < Infinity))
    throw new TypeError(
      `tenantLimit of ${name}: rate must be a number of runs per second above 0, got ${String(rate)}`,
    )
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency >= 1))
    throw new TypeError(
      `tenantLimit of ${name}: concurrency must be a whole number from 1 and up, got ${String(concurrency)}`,
    )
}
