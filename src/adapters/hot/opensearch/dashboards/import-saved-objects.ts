import { AppError } from '../../../../core/errors.ts';
import { type OpenSearchClient, Refused } from '../client.ts';
import { savedObjectsNdjson } from './saved-objects.ts';

export type ImportOptions = {
  /** Prefix of the indices. */
  prefix?: string;
  /** Where Dashboards is below the client's address: `/_dashboards` on a domain. */
  basePath?: string;
};

type Imported = { success: boolean; successCount: number; errors?: { id: string; type: string; error: { type: string } }[] };

/**
 * Imports index pattern, searches, visualisations and dashboards over what is there, by the saved-objects API of Dashboards; gives how many.
 * https://docs.opensearch.org/latest/dashboards/management/management-index/
 * @throws AppError STORE_UNAVAILABLE, also for objects that Dashboards refuses
 */
export async function importSavedObjects(client: OpenSearchClient, { prefix = '', basePath = '' }: ImportOptions = {}): Promise<number> {
  const boundary = 'logdrive-saved-objects';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="logdrive.ndjson"\r\nContent-Type: application/ndjson\r\n\r\n`;
  const body = Buffer.from(`${head}${savedObjectsNdjson(prefix)}\r\n--${boundary}--\r\n`);
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}`, 'osd-xsrf': 'true' };
  const answer = await client.send('POST', `${basePath}/api/saved_objects/_import?overwrite=true`, body, headers);
  if (answer.status !== 200) {
    const { message } = new Refused(answer.status, answer.body);
    throw new AppError('STORE_UNAVAILABLE', `OpenSearch Dashboards would not import: ${message}`);
  }
  const { success, successCount, errors = [] } = JSON.parse(answer.body.toString('utf8')) as Imported;
  if (success) return successCount;
  const failed = errors.map(({ id, type, error }) => `${type} ${id} (${error.type})`).join(', ');
  throw new AppError('STORE_UNAVAILABLE', `OpenSearch Dashboards did not take ${failed}`);
}
