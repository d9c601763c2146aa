/** Environment of programs in users' projects, without the variables that this repository's tests set. */
export const bare = { NODE_ENV: undefined, NEXT_TELEMETRY_DISABLED: '1' } as const
