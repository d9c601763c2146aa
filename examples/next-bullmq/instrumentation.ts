/** Next.js calls this function once, before the first request. */
export async function register(): Promise<void> {
  // Next.js also compiles this file for its edge runtime, where the OpenTelemetry SDK for Node.js cannot run.
  if (process.env['NEXT_RUNTIME'] !== 'nodejs') return
  const { startTelemetry } = await import('./lib/telemetry')
  const stopTelemetry = startTelemetry('web')
  // Next.js handles signals itself unless this variable is set.
  if (!process.env['NEXT_MANUAL_SIG_HANDLE']) return
  const { closeOnSignal } = await import('@postern/node')
  closeOnSignal({ inboxes: [{ close: stopTelemetry }] })
}
