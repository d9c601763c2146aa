/** A value on the way: its members are assigned one by one. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] }
