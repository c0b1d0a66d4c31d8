"""A printer by pynetdicom that reports events on its own: events.py PORT. It says what each was answered with."""
import sys
import threading
import time

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import BasicGrayscalePrintManagementMeta, Printer

done = threading.Event()


def reported(assoc):
    time.sleep(0.2)
    for number in (1, 2):
        said = Dataset()
        said.PrinterStatusInfo = "SUPPLY LOW"
        status, _ = assoc.send_n_event_report(said, number, Printer, "1.2.840.10008.5.1.1.17", number,
                                               BasicGrayscalePrintManagementMeta)
        print("answered", number, status.Status if status else None, flush=True)
    done.set()


def get(event):
    done.wait(10)
    answer = Dataset()
    answer.PrinterStatus = "NORMAL"
    return 0x0000, answer


def accepted(event):
    threading.Thread(target=reported, args=(event.assoc,), daemon=True).start()


ae = AE(ae_title="PRINTER")
ae.add_supported_context(BasicGrayscalePrintManagementMeta)
ae.start_server(("127.0.0.1", int(sys.argv[1])), block=True,
                evt_handlers=[(evt.EVT_N_GET, get), (evt.EVT_ACCEPTED, accepted)])
