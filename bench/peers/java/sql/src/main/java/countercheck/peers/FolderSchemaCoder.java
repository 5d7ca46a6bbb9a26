package countercheck.peers;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.flink.formats.avro.SchemaCoder;

/** Schemas by the number in front of a value, in Confluent's framing. */
final class FolderSchemaCoder implements SchemaCoder {
  private final Path folder;
  private final Map<Integer, Schema> schemas = new HashMap<>();

  FolderSchemaCoder(String folder) {
    this.folder = Path.of(folder);
  }

  @Override
  public Schema readSchema(InputStream in) throws IOException {
    DataInputStream data = new DataInputStream(in);
    if (data.readByte() != 0) throw new IOException("Not in Confluent's framing.");
    int id = data.readInt();
    Schema schema = schemas.get(id);
    if (schema == null) {
      String text = Files.readString(folder.resolve(id + ".json"));
      schema = new Schema.Parser().setValidateDefaults(false).parse(text);
      schemas.put(id, schema);
    }
    return schema;
  }

  @Override
  public void writeSchema(Schema schema, OutputStream out) {
    throw new UnsupportedOperationException("Nothing is written.");
  }
}
