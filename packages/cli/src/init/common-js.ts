/** The few forms of import and export that are written here, for CommonJS. */
export function toCommonJs(text: string): string {
  const exported: string[] = []
  const body = text
    .replaceAll(/^import \{ ([^}]+) \} from '([^']+)'$/gm, "const { $1 } = require('$2')")
    .replaceAll(/^import (\w+) from '([^']+)'$/gm, "const $1 = require('$2')")
    .replaceAll(/^export (function|const) (\w+)/gm, (_all, kind: string, name: string) => {
      exported.push(name)
      return `${kind} ${name}`
    })
  return exported.length > 0 ? `${body}\nmodule.exports = { ${exported.join(', ')} }\n` : body
}
