// What the packages use of node:querystring.

type Fields = Record<string, string | string[]>

export function parse(query: string): Fields {
  const fields = Object.create(null) as Fields
  for (const pair of query === '' ? [] : query.split('&')) {
    const at = pair.indexOf('=')
    const name = unescaped(at < 0 ? pair : pair.slice(0, at))
    const value = at < 0 ? '' : unescaped(pair.slice(at + 1))
    fields[name] = name in fields ? [fields[name]!, value].flat() : value
  }
  return fields
}

export function stringify(fields: Fields): string {
  return Object.entries(fields)
    .flatMap(([name, values]) =>
      [values].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
    )
    .join('&')
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

export default { parse, stringify }
