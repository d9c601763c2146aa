/** The few forms of import and export that are written here, for CommonJS. */
export function toCommonJs(text: string): string {
  const exported: string[] = []
  if (/^export default /m.test(text))
    return imported(text).replace(/^export default /m, 'module.exports = ')
  const body = imported(text).replaceAll(
    /^export (function|const) (\w+)/gm,
    (_all, kind: string, name: string) => {
      exported.push(name)
      return `${kind} ${name}`
    },
  )
  return exported.length > 0 ? `${body}\nmodule.exports = { ${exported.join(', ')} }\n` : body
}

function imported(text: string): string {
  return text
    .replaceAll(/^import \{ ([^}]+) \} from '([^']+)'$/gm, "const { $1 } = require('$2')")
    .replaceAll(/^import (\w+) from '([^']+)'$/gm, "const $1 = require('$2')")
}
