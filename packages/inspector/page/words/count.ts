const WHOLE = new Intl.NumberFormat('en-US')

/** Writes `12410` as `12,410`. */
export function count(value: number): string {
  return WHOLE.format(value)
}

/** `1 task`, `2 tasks`; the plural may be given. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** Writes a rate: with one decimal below ten, without decimals above. */
export function rate(value: number): string {
  if (value === 0) return '0'
  if (value < 0.05) return '<0.1'
  return value < 9.95 ? value.toFixed(1) : count(Math.round(value))
}

/** Writes a number of bytes: `812 B`, `1.2 KB`, `3.4 MB`. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`
  if (value < 999_950) return `${(value / 1000).toFixed(1)} KB`
  return `${(value / 1_000_000).toFixed(1)} MB`
}

/** Writes a share in percent. `whole` must be above 0. */
export function share(part: number, whole: number): string {
  const percent = (part / whole) * 100
  return `${percent < 0.1 ? '<0.1' : percent.toFixed(percent < 10 ? 1 : 0)} %`
}
