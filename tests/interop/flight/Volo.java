import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.grpc.CredentialCallOption;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * The detail over Arrow Flight as an agency that writes Java would read it.
 *
 * <p>Volo HOST PORT TOKEN: plans a flight, reads all its endpoints, checks rows and sums, to the cent, against the totals in
 * the schema's metadata, and is refused a ticket that was changed. Exits with 1 at the first thing that is not so.
 */
public final class Volo {
  private static void check(boolean condition, String what) {
    if (!condition) {
      System.err.println("interop (java): " + what);
      System.exit(1);
    }
    System.out.println("ok  " + what);
  }

  public static void main(String[] args) throws Exception {
    var where = Location.forGrpcInsecure(args[0], Integer.parseInt(args[1]));
    var bearer = new CredentialCallOption(h -> h.insert("authorization", "Bearer " + args[2]));
    try (var allocator = new RootAllocator();
        var client = FlightClient.builder(allocator, where).build()) {
      var command = "{\"normativa\": \"DL109-2018-ART44\"}".getBytes(StandardCharsets.UTF_8);
      FlightInfo info = client.getInfo(FlightDescriptor.command(command), bearer);
      var told = info.getSchema().getCustomMetadata();
      check(info.getRecords() == Long.parseLong(told.get("totali.righe")), "java: the plan counts its rows");

      long rows = 0;
      var paid = BigDecimal.ZERO.setScale(2);
      boolean days = true;
      boolean codes = true;
      for (FlightEndpoint endpoint : info.getEndpoints()) {
        boolean closed = false;
        try (FlightStream stream = client.getStream(endpoint.getTicket(), bearer)) {
          while (stream.next()) {
            VectorSchemaRoot root = stream.getRoot();
            var app = new byte[(int) stream.getLatestMetadata().readableBytes()];
            stream.getLatestMetadata().getBytes(0, app);
            closed = new String(app, StandardCharsets.UTF_8).startsWith("{\"chiusura\"");
            var amounts = (DecimalVector) root.getVector("importi_erogati");
            for (int row = 0; row < root.getRowCount(); row++) {
              paid = paid.add(amounts.getObject(row));
            }
            rows += root.getRowCount();
            days &= root.getVector("validita_dal") instanceof DateDayVector;
            Field code = root.getSchema().findField("prestazione");
            codes &= code.getDictionary() != null && root.getVector("prestazione") instanceof IntVector
                && stream.getDictionaryProvider().lookup(code.getDictionary().getId()) != null;
          }
        }
        check(closed, "java: a stream ends with its chiusura");
      }
      check(rows == info.getRecords(), "java: " + rows + " rows");
      check(paid.equals(new BigDecimal(told.get("totali.importi_erogati"))), "java: the sum is the one announced: " + paid);
      check(days && codes, "java: days are days, codes are dictionaries");

      byte[] ticket = info.getEndpoints().get(0).getTicket().getBytes().clone();
      ticket[ticket.length / 2] ^= 1;
      try (FlightStream stream = client.getStream(new Ticket(ticket), bearer)) {
        stream.next();
        check(false, "java: a ticket that was changed is refused");
      } catch (FlightRuntimeException error) {
        CallStatus status = error.status();
        check(status.code() == FlightStatusCode.INVALID_ARGUMENT, "java: a ticket that was changed is refused");
      }
    }
  }
}
