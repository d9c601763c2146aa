import { singleton } from '@postern/next'

/** Actions of the app's receivers. */
export const log: string[] = singleton('log', () => [])
