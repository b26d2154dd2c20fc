/** What instances of a machine image build for. */
export const INSTANCE_PLATFORM = 'linux/amd64';
