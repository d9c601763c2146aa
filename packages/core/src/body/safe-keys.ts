/**
 * Deletes `__proto__`, and a `constructor` with a `prototype`, at every level. If an app merged them into an object,
 * they would change a prototype for all objects.
 */
export function dropPoison<T>(value: T): T {
  const open: unknown[] = [value]
  while (open.length > 0) {
    const node = open.pop()
    if (typeof node !== 'object' || node === null) continue
    if (Array.isArray(node)) {
      for (const item of node) open.push(item)
      continue
    }
    const record = node as Record<string, unknown>
    if (Object.hasOwn(record, '__proto__')) delete record['__proto__']
    if (Object.hasOwn(record, 'constructor') && hasPrototype(record['constructor']))
      delete record['constructor']
    for (const key of Object.keys(record)) open.push(record[key])
  }
  return value
}

function hasPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
}
