/** Converts a form or query whose names have brackets, such as `a[b]=1` and `c[]=1`, to an object. */
export function toObject(form: URLSearchParams): Record<string, any> {
  const object: Record<string, any> = {}
  for (const [name, value] of form) {
    const [, first = name, rest = ''] = /^([^[]+)((?:\[[^\]]*\])*)$/.exec(name) ?? []
    const path = [first, ...[...rest.matchAll(/\[([^\]]*)\]/g)].map(([, key]) => key ?? '')]
    put(object, path, value)
  }
  return object
}

function put(target: Record<string, any>, [key = '', ...rest]: string[], value: string): void {
  // A repeated name becomes a list, as in Twilio's API.
  if (rest.length === 0) target[key] = key in target ? [target[key], value].flat() : value
  else if (rest[0] === '' || /^\d+$/.test(rest[0] ?? '')) (target[key] ??= []).push(value)
  else put((target[key] ??= {}), rest, value)
}
