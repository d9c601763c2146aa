/** The environment of programs in projects of users: what the tests of this repository set is not for them. */
export const bare = { NODE_ENV: undefined, NEXT_TELEMETRY_DISABLED: '1' } as const
