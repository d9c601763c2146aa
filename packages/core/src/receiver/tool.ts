// In the registry of the process: the tool and the app may have different copies of this package.
const TOOL = Symbol.for('postern.tool')

/**
 * True in the process of a tool that imports an app's receivers, such as `postern register --from`. There they run no
 * tasks, which belong to the app.
 */
export function isTool(): boolean {
  return (globalThis as Readonly<Record<symbol, unknown>>)[TOOL] === true
}
