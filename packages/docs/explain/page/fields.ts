/** Returns the values in the fields of a sender, by name. */
export function fieldsOf(fields: readonly HTMLTextAreaElement[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap(({ dataset: { option }, value }) =>
      option === undefined || value === ''
        ? []
        : [[option, option === 'jwks' ? json(value) : value]],
    ),
  )
}

/** Parses `name=value` lines, as `--option` of the command line does. */
export function linesOf(text: string): Record<string, unknown> {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^\s*([\w.]+)=(.*?)\s*$/.exec(line) ?? []
      return name === undefined ? [] : [[name, valueOf(value!)]]
    }),
  )
}

function valueOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^\[.*\]$|^\{.*\}$/s.test(text)) return json(text)
  return /^\d+$/.test(text) ? Number(text) : text
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
