/** Stands for fast-xml-parser, with nodes in the form that core reads. Core has checked the document before. */
export class XMLParser {
  parse(text: string): readonly object[] {
    const root: object[] = []
    const open = [root]
    for (const [, closed, name, attributes, isEmpty, words] of text.matchAll(TOKEN))
      if (words !== undefined) open.at(-1)!.push({ '#text': words })
      else if (closed !== undefined) open.pop()
      else if (name !== undefined) {
        const children: object[] = []
        const pairs = Array.from(attributes!.matchAll(ATTRIBUTE), ([, key, , value]) => [
          `@${key}`,
          value,
        ])
        open.at(-1)!.push({ [name]: children, ':@': Object.fromEntries(pairs) })
        if (isEmpty === '') open.push(children)
      }
    return root
  }
}

const TOKEN = /<\?[^]*?\?>|<\/([^>]+)>|<([^\s/>!?]+)([^>]*?)(\/?)>|([^<]+)/g
const ATTRIBUTE = /([^\s=]+)\s*=\s*(["'])([^]*?)\2/g
