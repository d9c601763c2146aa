// Rules of this project for oxlint (`jsPlugins`).

// They read to the end, however long that is.
const WHOLE = new Set(['text', 'json', 'arrayBuffer', 'formData', 'blob', 'bytes'])
// Not bodies of the network: a `Delivery` parses bytes that were read within its limits.
const PARSED = new Set(['delivery'])

/** A body of the network is read by `readBounded`, `readStart` or an adapter's reader, which are bounded. */
const boundedBodies = {
  create(context) {
    const report = (node, what) =>
      context.report({
        node,
        message: `${what} reads a body of any length: use readBounded or readStart of @postern/core/scheme`,
      })
    return {
      CallExpression(node) {
        const { callee } = node
        if (callee.type !== 'MemberExpression') return
        const name = callee.property.name ?? callee.property.value
        if (name === 'getReader') return report(node, 'getReader()')
        if (!WHOLE.has(name) || node.arguments.length > 0) return
        if (PARSED.has(callee.object.name)) return
        report(node, `${name}()`)
      },
      ForOfStatement(node) {
        if (node.await && /(?:\b|\.)(?:body|message|request|response)$/.test(lastName(node.right)))
          report(node, 'for await')
      },
      ImportDeclaration(node) {
        if (/^(?:node:)?stream\/consumers$/.test(node.source.value))
          report(node, 'stream/consumers')
      },
    }
  },
}

/** `body` of `response.body ?? []`. */
function lastName(node) {
  if (node.type === 'LogicalExpression') return lastName(node.left)
  if (node.type === 'ChainExpression' || node.type === 'TSAsExpression')
    return lastName(node.expression)
  if (node.type === 'MemberExpression') return node.property.name ?? ''
  return node.name ?? ''
}

export default { meta: { name: 'postern' }, rules: { 'bounded-bodies': boundedBodies } }
