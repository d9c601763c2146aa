/** Next calls it once, before the first request. */
export async function register(): Promise<void> {
  // Next compiles this file for its edge runtime too, which the SDK for Node cannot run in.
  if (process.env['NEXT_RUNTIME'] !== 'nodejs') return
  const { startTelemetry } = await import('./lib/telemetry')
  startTelemetry('web')
}
